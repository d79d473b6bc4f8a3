import { backendInUse } from '../../core/tensor/backend.js';
import { fitAnswers } from './answers-fit.js';
import type { ResponseFit, ResponseModel } from './contract.js';
import { fitDwell } from './dwell.js';
import { fitExit } from './exit-fit.js';
import { savableResponse } from './response-file.js';
import { dealRows, statesOf } from './response-rows.js';
import { checkResponseSettings, type ResponseSettings } from './response-settings.js';

/**
 * Replays the sessions, holds users out, fits the answers and the exit by minibatches of Adam until the held-out loss
 * stops improving, and calibrates both on the held-out rows.
 */
export function fitResponse(request: ResponseFit<ResponseSettings>): ResponseModel {
  const { sessions, settings, random, split } = request;
  backendInUse();
  checkResponseSettings(settings);
  const rows = dealRows(sessions, settings.heldOut, random, split);
  const ground = { request, rows, states: statesOf(sessions, settings.leaveOut) };
  const answers = fitAnswers(ground);
  const exit = fitExit(ground);
  const { log, layout } = sessions;
  const parameters = answers.network.parameters.values.length + exit.network.parameters.values.length;
  const { leaveOut, ...numbers } = settings;
  return savableResponse({
    card: {
      layout,
      fittedOn: { log: log.name, logHash: log.hash, split, rows: sessions.row.length },
      exitRate: exit.rate,
      quality: { ...answers.quality, ...exit.quality },
      settings: { ...numbers, leaveOut: leaveOut.join(' '), exitEpochs: exit.epochs },
      epochs: answers.epochs,
      parameters,
    },
    settings,
    network: answers.network,
    exit: exit.network,
    calibration: Float64Array.of(...answers.calibration, ...exit.calibration),
    dwell: fitDwell(sessions),
  });
}
