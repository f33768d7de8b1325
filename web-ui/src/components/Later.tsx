// A view whose program is fetched when it is first shown: the board must be there at once, a report may take a moment.

import type { ComponentType } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { t } from '../i18n';

type Load<P> = () => Promise<ComponentType<P>>;

/** A stand-in for a component that is loaded once. */
export function later<P extends object>(load: Load<P>): ComponentType<P> {
  let loaded: ComponentType<P> | null = null;
  return function Later(props: P) {
    const [View, show] = useState<ComponentType<P> | null>(() => loaded);
    const [failed, fail] = useState(false);
    const [tries, again] = useState(0);
    useEffect(() => {
      if (View) return;
      fail(false);
      load().then((view) => {
        loaded = view;
        show(() => view);
      }, () => fail(true));
    }, [tries]);
    if (View) return <View {...props} />;
    return (
      <main class="waiting" id="main" tabIndex={-1} aria-busy={!failed}>
        <p>{failed ? <>{t.value.failed(t.value.noAnswer)} <button type="button" class="button" onClick={() => again(tries + 1)}>{t.value.retry}</button></> : t.value.loading}</p>
      </main>
    );
  };
}
