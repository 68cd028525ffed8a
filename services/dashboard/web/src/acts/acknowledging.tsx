import { createContext, use, type ReactNode } from 'react'
import { useAcknowledge } from './use-acknowledge'

type Acknowledging = ReturnType<typeof useAcknowledge>

const AcknowledgingContext = createContext<Acknowledging | null>(null)

/** What is acknowledged in the list goes on, and what has failed is still said, when somebody comes back from a patient. */
export function AcknowledgingProvider({ children }: { children: ReactNode }) {
  return <AcknowledgingContext value={useAcknowledge()}>{children}</AcknowledgingContext>
}

export function useAcknowledging(): Acknowledging {
  const acknowledging = use(AcknowledgingContext)
  if (!acknowledging) throw new Error('useAcknowledging outside AcknowledgingProvider')
  return acknowledging
}
