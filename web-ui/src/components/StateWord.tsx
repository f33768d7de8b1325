// A state's word large, its "(suspected)" smaller on the same line: one text all the same.

export function StateWord({ text }: { text: string }) {
  const at = text.indexOf('(');
  return at < 0 ? <span>{text}</span> : <span>{text.slice(0, at)}<small>{text.slice(at)}</small></span>;
}
