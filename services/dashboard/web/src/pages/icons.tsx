import type { Severity } from '../api/model'

/** Three shapes, so that severity is seen without colour. Decorative: the word always stands beside it. */
export function SeverityIcon({ severity }: { severity: Severity }) {
  return (
    <svg className="icon" viewBox="0 0 20 20" width="20" height="20" aria-hidden="true">
      {severity === 'urgent' && (
        <>
          <path className="icon-fill" d="M6.3 1h7.4L19 6.3v7.4L13.7 19H6.3L1 13.7V6.3z" />
          <path className="icon-mark" d="M10 5v6M10 14.2v.6" />
        </>
      )}
      {severity === 'review' && (
        <>
          <path className="icon-fill" d="M10 1.5 19.2 18H.8z" />
          <path className="icon-mark" d="M10 7.5v5M10 15v.4" />
        </>
      )}
      {severity === 'technical' && (
        <>
          <circle className="icon-fill" cx="10" cy="10" r="9" />
          <path className="icon-mark" d="M10 5.5V10l3 2" />
        </>
      )}
    </svg>
  )
}

export function Logo() {
  return <img className="logo" src="/icon.svg" alt="" width="28" height="28" />
}
