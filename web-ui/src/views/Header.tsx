// Hall name, clock, state of the link and of the box, language and light.

import { day, hourMinute, hourMinuteSecond } from '../format';
import { lang, named, switchLanguage, t } from '../i18n';
import { SunIcon } from '../icons';
import { address, route } from '../route';
import { entered, may, session } from '../session';
import { hall, hallNow, health, link } from '../store';
import { nextTheme, theme } from '../theme';

/** View, its text, and the right it needs. */
const VIEWS = [['', 'board', 'board'], ['day', 'day', 'figures'], ['month', 'month', 'figures'], ['wall', 'wall', 'board'], ['accounts', 'accounts', 'accounts'], ['audit', 'audit', 'evidence_log']] as const;

export function Header() {
  const h = hall.value;
  const now = hallNow.value;
  const name = h ? named(h.name, h.hall) : t.value.title;
  document.title = h ? `${name} · ${t.value.title}` : t.value.title;
  const overall = health.value?.overall;
  return (
    <header class="head">
      <div class="head__name">
        <h1>{name}</h1>
        {h && <p class="head__id">{h.hall} · {h.box}</p>}
      </div>
      <div class="head__clock">
        {now && <time dateTime={now}><span class="head__time">{hourMinute(now)}<small>{hourMinuteSecond(now).slice(5)}</small></span> <span class="head__day">{day(now)}</span></time>}
      </div>
      <nav class="head__nav" aria-label={t.value.nav}>
        {entered.value && VIEWS.filter(([, , right]) => may(right)).map(([view, name]) => (
          <a key={name} href={address(view)} aria-current={route.value.view === view ? 'page' : undefined} title={name === 'wall' ? t.value.wallHint : undefined} data-testid={`nav-${name}`}>{t.value.view[name]}</a>
        ))}
      </nav>
      <div class="head__states">
        {entered.value && may('board') && <span class={`pill pill--${link.value}`} data-testid="link">{t.value.link[link.value]}</span>}
        {overall && <a class={`pill pill--${overall}`} href="#box">{t.value.box} · {t.value.overall[overall]}</a>}
      </div>
      <div class="head__switches">
        {session.value?.account && <a class="button" href={address('account')} data-testid="own-account">{session.value.account.name}</a>}
        <button type="button" class="button" title={t.value.themeHint} aria-label={`${t.value.themeHint}: ${t.value.theme[theme.value]}`} onClick={nextTheme}>
          <SunIcon /> {t.value.theme[theme.value]}
        </button>
        <button type="button" class="button" data-testid="language" lang={lang.value === 'zh' ? 'en' : 'zh-CN'} title={t.value.languageHint} onClick={switchLanguage}>
          {t.value.language}
        </button>
      </div>
    </header>
  );
}
