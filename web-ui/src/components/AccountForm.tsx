// A small form that sends something and says in words why it was refused.

import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import type { Answer } from '../api';
import { t } from '../i18n';

interface Props {
  send: (fields: FormData) => Promise<Answer<unknown>>;
  action: string;
  testId: string;
  children: ComponentChildren;
}

export function AccountForm({ send, action, testId, children }: Props) {
  const [refused, setRefused] = useState('');
  const [busy, setBusy] = useState(false);
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    const form = event.currentTarget as HTMLFormElement;
    setBusy(true);
    const answer = await send(new FormData(form));
    setBusy(false);
    setRefused(answer.kind === 'error' ? inWords(answer.code, answer.message) : '');
    if (answer.kind === 'success') form.reset();
  };
  return (
    <form class="account__form" onSubmit={submit} data-testid={testId}>
      {children}
      {refused !== '' && <p class="account__refused" role="alert" data-testid="refused">{refused}</p>}
      <button type="submit" class="button button--main" disabled={busy}>{action}</button>
    </form>
  );
}

/** What the box refuses in words of its own (what is wrong with a password) is shown as it came. */
export function inWords(code: string, message: string): string {
  return (t.value.refused as Record<string, string>)[code] ?? message;
}

interface FieldProps {
  name: string;
  label: string;
  type?: 'text' | 'password';
  hint?: string;
  autocomplete?: string;
}

export function Field({ name, label, type = 'text', hint, autocomplete = 'off' }: FieldProps) {
  return (
    <label class="account__field">
      <span>{label}</span>
      {type === 'password'
        ? <input type="password" name={name} required autocomplete={autocomplete} />
        : <input type="text" name={name} required autocomplete={autocomplete} autocapitalize="none" spellcheck={false} />}
      {hint && <small>{hint}</small>}
    </label>
  );
}

export const said = (fields: FormData, name: string) => String(fields.get(name) ?? '').trim();
/** A password is taken as typed. */
export const typed = (fields: FormData, name: string) => String(fields.get(name) ?? '');
