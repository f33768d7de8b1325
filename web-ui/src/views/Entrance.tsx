// What stands in place of the hall until somebody may look: signing in, setting the box up, a first password to be changed.

import { AccountForm, Field, said, typed } from '../components/AccountForm';
import { t } from '../i18n';
import { changePassword, session, setUp, signIn } from '../session';

/** Roles that manage accounts: one of them is made first. */
const FIRST = ['hall_manager', 'supervisor', 'province'] as const;

export function Entrance() {
  const mode = session.value?.mode;
  if (mode === undefined) return <main class="waiting" id="main" tabIndex={-1} aria-busy="true"><p>{t.value.loading}</p></main>;
  return (
    <main class="account account--entrance" id="main" tabIndex={-1} data-testid="entrance" data-mode={mode}>
      {mode === 'set_up_first' ? <SetUp /> : mode === 'password_due' ? <FirstPassword /> : <SignIn />}
    </main>
  );
}

function SignIn() {
  return (
    <section class="panel">
      <h2>{t.value.signIn}</h2>
      <AccountForm testId="sign-in" action={t.value.signIn} send={(fields) => signIn(said(fields, 'name'), typed(fields, 'password'))}>
        <Field name="name" label={t.value.account} autocomplete="username" />
        <Field name="password" label={t.value.password} type="password" autocomplete="current-password" />
      </AccountForm>
    </section>
  );
}

function SetUp() {
  const send = (fields: FormData) => setUp(said(fields, 'code'), said(fields, 'name'), said(fields, 'role'), typed(fields, 'password'));
  return (
    <section class="panel">
      <h2>{t.value.setUp}</h2>
      <p>{t.value.setUpHint}</p>
      <AccountForm testId="set-up" action={t.value.setUp} send={send}>
        <Field name="code" label={t.value.setUpCode} />
        <Field name="name" label={t.value.account} hint={t.value.accountHint} autocomplete="username" />
        <label class="account__field">
          <span>{t.value.role}</span>
          <select name="role">{FIRST.map((role) => <option key={role} value={role}>{t.value.roles[role]}</option>)}</select>
        </label>
        <Field name="password" label={t.value.newPassword} type="password" hint={t.value.newPasswordHint} autocomplete="new-password" />
      </AccountForm>
    </section>
  );
}

function FirstPassword() {
  return (
    <section class="panel">
      <h2>{t.value.changePassword}</h2>
      <p>{t.value.passwordDue}</p>
      <PasswordForm />
    </section>
  );
}

export function PasswordForm() {
  return (
    <AccountForm testId="password" action={t.value.changePassword} send={(fields) => changePassword(typed(fields, 'old'), typed(fields, 'new'))}>
      <Field name="old" label={t.value.oldPassword} type="password" autocomplete="current-password" />
      <Field name="new" label={t.value.newPassword} type="password" hint={t.value.newPasswordHint} autocomplete="new-password" />
    </AccountForm>
  );
}
