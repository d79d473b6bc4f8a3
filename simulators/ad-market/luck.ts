/** Numbers of requests reach 2⁵³; addresses of luck are pairs of 32-bit words. */

const WORD = 2 ** 32;

export function highOf(request: number): number {
  return Math.floor(request / WORD);
}

export function lowOf(request: number): number {
  return request % WORD;
}
