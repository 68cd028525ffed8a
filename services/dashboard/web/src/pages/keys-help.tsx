import { useRef, type KeyboardEvent } from 'react'
import { useLanguage } from '../language/language'

const KEYS = [
  { key: 'j', does: { en: 'next patient', ja: '次の患者' } },
  { key: 'k', does: { en: 'previous patient', ja: '前の患者' } },
  { key: 'Enter', does: { en: 'open the patient', ja: '患者を開く' } },
  { key: 'a', does: { en: 'acknowledge the alerts of the patient, as they are shown', ja: '表示中の患者のアラートを確認済みにする' } },
  { key: 'u', does: { en: 'take back what a has done last', ja: '直前の確認を取り消す' } },
  { key: '?', does: { en: 'this list of keys', ja: 'このキー一覧' } },
] as const

const SHORT = { en: 'Keys: j next patient, k previous patient, Enter opens, a acknowledges, ? lists the keys.', ja: 'キー操作：j 次の患者、k 前の患者、Enter 開く、a 確認する、? キー一覧' }
const TITLE = { en: 'Keys in the list of patients', ja: '患者一覧のキー操作' }
const WHERE = { en: 'They work while the focus is on a patient of the list: press Tab until it is.', ja: '一覧の患者にフォーカスがあるときに使えます（Tab キーで移動）。' }

/** Which keys there are, shown by `?` within the list or by its button. The dialog is HTML's: it keeps the focus, and Escape closes it. */
export function useKeysHelp() {
  const dialog = useRef<HTMLDialogElement>(null)
  const show = () => {
    if (!dialog.current?.open) dialog.current?.showModal()
  }
  /** True where the key was the one that shows the help. */
  const showByKey = (event: KeyboardEvent<HTMLElement>) => {
    if (event.key !== '?' || event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return false
    event.preventDefault()
    show()
    return true
  }
  return { dialog, show, showByKey }
}

const isTyping = (target: EventTarget) => target instanceof HTMLInputElement || target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement

export function KeysHelp({ id, dialog, show }: { id: string } & Pick<ReturnType<typeof useKeysHelp>, 'dialog' | 'show'>) {
  const { words } = useLanguage()
  return (
    <>
      <p className="list-keys muted">
        <span id={id}>{words.said(SHORT)}</span>{' '}
        <button aria-label={words.said(TITLE)} aria-haspopup="dialog" onClick={show}>
          ?
        </button>
      </p>
      <dialog ref={dialog} className="keys-help" aria-labelledby={`${id}-title`}>
        <h2 id={`${id}-title`}>{words.said(TITLE)}</h2>
        <p>{words.said(WHERE)}</p>
        <dl>
          {KEYS.map(({ key, does }) => (
            <div key={key}>
              <dt>
                <kbd>{key}</kbd>
              </dt>
              <dd>{words.said(does)}</dd>
            </div>
          ))}
        </dl>
        <button onClick={() => dialog.current?.close()}>{words.acts.close}</button>
      </dialog>
    </>
  )
}
