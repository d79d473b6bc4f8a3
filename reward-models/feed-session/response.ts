import type { FeedModelKind, ResponseModel } from './contract.js';
import { loadResponse } from './response-file.js';
import { fitResponse } from './response-fit.js';
import { RESPONSE_DEFAULTS, type ResponseSettings } from './response-settings.js';

/** What follows an item of a feed, and whether the session ends. */
export const responseModel: FeedModelKind<ResponseSettings, ResponseModel> = {
  summary:
    'a small multi-task network on user, session and item with attention over the items shown last; other outcomes given the main one; the exit from the state after',
  defaults: RESPONSE_DEFAULTS,
  fit: fitResponse,
  load: loadResponse,
};
