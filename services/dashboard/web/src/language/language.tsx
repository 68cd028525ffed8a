import { createContext, use, useEffect, useMemo, useState, type ReactNode } from 'react'
import { timesIn, type Times } from './times'
import { WORDS, type Language, type Words } from './words'
import { VIEWER, zoneOf } from './zones'

interface Spoken {
  readonly language: Language
  readonly words: Words
  /** In the viewer's time, or that of the nearest `InZone`. */
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
      times: timesIn(language, VIEWER),
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

/** What is inside tells times as they are in a zone: where the patient is. */
export function InZone({ name, children }: { name: string; children: ReactNode }) {
  const spoken = useLanguage()
  const here = useMemo<Spoken>(() => ({ ...spoken, times: timesIn(spoken.language, zoneOf(name)) }), [spoken, name])
  return <LanguageContext value={here}>{children}</LanguageContext>
}

export function useLanguage(): Spoken {
  const spoken = use(LanguageContext)
  if (!spoken) throw new Error('useLanguage outside LanguageProvider')
  return spoken
}
