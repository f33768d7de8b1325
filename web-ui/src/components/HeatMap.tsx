// A grid of shares with a number in every field: dark stands out, and nothing is told by colour alone.

export interface Field {
  text: string;
  /** How much it stands out, 0 to 1; null: plain. */
  share: number | null;
}

interface Props {
  caption: string;
  corner: string;
  columns: string[];
  rows: { label: string; href?: string; hint?: string; fields: (Field | null)[] }[];
}

export function HeatMap({ caption, corner, columns, rows }: Props) {
  return (
    <div class="heat" tabIndex={0} role="group" aria-label={caption}>
      <table class="heat__grid">
        <caption class="unseen">{caption}</caption>
        <thead><tr><th scope="col">{corner}</th>{columns.map((c) => <th key={c} scope="col">{c}</th>)}</tr></thead>
        <tbody>
          {rows.map(({ label, href, hint, fields }) => (
            <tr key={label}>
              <th scope="row">{href ? <a href={href} title={hint}>{label}</a> : label}</th>
              {fields.map((field, i) => (
                <td key={columns[i]} class={field ? 'heat__field' : 'heat__field heat__field--none'} style={field && field.share !== null ? { '--share': Math.min(1, Math.max(0, field.share)) } : {}}>
                  {field?.text}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** A staffing rate as a field; null off duty. */
export function rateField(hour: { scheduled_s: number; staffing_rate: number | null } | undefined): Field | null {
  if (!hour || hour.scheduled_s === 0) return null;
  return hour.staffing_rate === null ? { text: '–', share: null } : { text: String(Math.round(hour.staffing_rate * 100)), share: 1 - hour.staffing_rate };
}
