import { useEffect, useState } from 'react'

/** Who types is waited for so long. */
const TYPED_MS = 300

/** A text once nobody has changed it for a moment. */
export function useTyped(text: string): string {
  const [typed, setTyped] = useState(text)
  useEffect(() => {
    const timer = setTimeout(() => setTyped(text), TYPED_MS)
    return () => clearTimeout(timer)
  }, [text])
  return typed
}
