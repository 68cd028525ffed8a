import { createContext, use, useEffect, useMemo, useState, type ReactNode } from 'react'
import { TIMES, type Times } from './times'
import { WORDS, type Language, type Words } from './words'

interface Spoken {
  readonly language: Language
  readonly words: Words
  readonly times: Times
  choose(language: Language): void
}

const LanguageContext = createContext<Spoken | null>(null)
const STORED = 'mimamori.language'

function initialLanguage(): Language {
  try {
    const stored = localStorage.getItem(STORED)
    if (stored === 'ja' || stored === 'en') return stored
  } catch {
    // Storage may be forbidden; the browser's language serves.
  }
  return navigator.language.toLowerCase().startsWith('ja') ? 'ja' : 'en'
}

export function LanguageProvider({ children }: { children: ReactNode }) {
  const [language, setLanguage] = useState(initialLanguage)
  useEffect(() => {
    document.documentElement.lang = language
  }, [language])
  const spoken = useMemo<Spoken>(
    () => ({
      language,
      words: WORDS[language],
      times: TIMES[language],
      choose(chosen) {
        setLanguage(chosen)
        try {
          localStorage.setItem(STORED, chosen)
        } catch {
          // Not remembered, then.
        }
      },
    }),
    [language],
  )
  return <LanguageContext value={spoken}>{children}</LanguageContext>
}

export function useLanguage(): Spoken {
  const spoken = use(LanguageContext)
  if (!spoken) throw new Error('useLanguage outside LanguageProvider')
  return spoken
}
