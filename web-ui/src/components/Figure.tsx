// A leading figure: what it is, how much, and what it is compared with.

import type { ComponentChildren } from 'preact';

export function Figure({ name, value, children }: { name: string; value: string; children?: ComponentChildren }) {
  return (
    <div class="figure">
      <dt>{name}</dt>
      <dd><b>{value}</b>{children}</dd>
    </div>
  );
}
