import { Component, Suspense, type ReactNode } from 'react'
import { useLanguage } from '../language/language'

const FAILED = { en: 'This part could not be loaded. Load the page anew.', ja: 'この部分を読み込めませんでした。ページを再読み込みしてください。' }
const RELOAD = { en: 'Load anew', ja: '再読み込み' }

interface LoadedApartProps {
  /** Names of classes that keep the place, as high as what is to come. */
  readonly waiting: string
  readonly children: ReactNode
}

/** What is fetched when it is needed. Where that fails, nothing else of the page is harmed. */
export function LoadedApart({ waiting, children }: LoadedApartProps) {
  return (
    <Boundary>
      <Suspense fallback={<div className={waiting} aria-busy="true" />}>{children}</Suspense>
    </Boundary>
  )
}

class Boundary extends Component<{ readonly children: ReactNode }, { readonly hasFailed: boolean }> {
  override state = { hasFailed: false }

  static getDerivedStateFromError() {
    return { hasFailed: true }
  }

  override render() {
    return this.state.hasFailed ? <Failed /> : this.props.children
  }
}

/** After an upgrade the file of an open page is gone, and browsers remember a module that failed: only the page anew helps. */
function Failed() {
  const { words } = useLanguage()
  return (
    <p className="notice notice-warning" role="alert">
      {words.said(FAILED)} <button onClick={() => location.reload()}>{words.said(RELOAD)}</button>
    </p>
  )
}
