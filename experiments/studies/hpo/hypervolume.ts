/** Two numbers that should both be large. */
export interface Point {
  readonly x: number;
  readonly y: number;
}

/** Points that no other is at least as good as in both and better in one, in their order. */
export function nonDominated(points: readonly Point[]): Point[] {
  return points.filter(
    (one) => !points.some((other) => other.x >= one.x && other.y >= one.y && (other.x > one.x || other.y > one.y)),
  );
}

/** Area that is dominated by the points and lies above and to the right of `origin`. */
export function hypervolume(points: readonly Point[], origin: Point): number {
  const inside = points.filter(({ x, y }) => x > origin.x && y > origin.y);
  const front = nonDominated(inside).sort((a, b) => a.x - b.x);
  let [volume, left] = [0, origin.x];
  for (const { x, y } of front) {
    volume += (x - left) * (y - origin.y);
    left = x;
  }
  return volume;
}
