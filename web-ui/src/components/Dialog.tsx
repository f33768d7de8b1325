// A modal dialog: the browser's own, which keeps focus inside and closes on Escape.

import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { t } from '../i18n';
import { CloseIcon } from '../icons';

interface Props {
  title: string;
  wide?: boolean;
  onClose: () => void;
  children: ComponentChildren;
}

export function Dialog({ title, wide, onClose, children }: Props) {
  const ref = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    ref.current?.showModal();
  }, []);
  return (
    <dialog ref={ref} class={wide ? 'dialog dialog--wide' : 'dialog'} aria-label={title} onClose={onClose}
      onClick={(click) => click.target === ref.current && ref.current?.close()}>
      <div class="dialog__inner">
        <header class="dialog__head">
          <h2>{title}</h2>
          <button type="button" class="button button--icon" aria-label={t.value.close} title={t.value.close}
            onClick={() => ref.current?.close()}>
            <CloseIcon />
          </button>
        </header>
        {children}
      </div>
    </dialog>
  );
}
