// The line of a sparkline. Pure.

export const WIDTH = 300;
export const HEIGHT = 44;

/** Unbroken stretches of known lengths as SVG path data; unknown samples are gaps, never zero. */
export function linePath(lengths: (number | null)[], maxSamples: number, top: number): string {
  const x = (i: number) => (((maxSamples - lengths.length + i) / Math.max(1, maxSamples - 1)) * WIDTH).toFixed(1);
  const y = (n: number) => (HEIGHT - 2 - (n / top) * (HEIGHT - 4)).toFixed(1);
  let open = false;
  let path = '';
  lengths.forEach((n, i) => {
    if (n === null) {
      open = false;
    } else {
      // A lone sample still shows, as a dot of the round line cap.
      path += `${open ? 'L' : 'M'}${x(i)} ${y(n)}${open ? '' : 'h0'}`;
      open = true;
    }
  });
  return path;
}
