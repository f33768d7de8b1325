// One table of the report, in the report's own words.

import type { Tables } from '../figures-types';

export function ReportTable({ table }: { table: Tables['tables'][number] }) {
  if (table.rows.length === 0) return null;
  return (
    <section class="panel report__section">
      <h2>{table.title}</h2>
      {table.note && <p class="note">{table.note}</p>}
      <div class="report__scroll" tabIndex={0} role="group" aria-label={table.title}>
        <table class="report__table" data-wide={table.columns.length > 8} data-narrow={table.columns.length < 3}>
          <thead><tr>{table.columns.map((c, i) => <th key={c} scope="col" data-number={table.numbers[i]}>{c}</th>)}</tr></thead>
          <tbody>
            {table.rows.map((row, n) => (
              <tr key={n}>{row.map((cell, i) => (i === 0 ? <th key={i} scope="row">{cell}</th> : <td key={i} data-number={table.numbers[i]}>{cell}</td>))}</tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}
