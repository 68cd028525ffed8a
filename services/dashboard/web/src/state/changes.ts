/** How often readings have changed while the page was open: of everybody, and of each patient besides. */
export interface Changes {
  readonly all: number
  readonly of: ReadonlyMap<string, number>
}

export const NO_CHANGES: Changes = { all: 0, of: new Map() }

/** The stream says whose readings have changed. */
export function withChanged(changes: Changes, patients: readonly string[]): Changes {
  const of = new Map(changes.of)
  for (const patient of patients) of.set(patient, (of.get(patient) ?? 0) + 1)
  return { ...changes, of }
}

/** The stream began anew: what changed before nobody has said, so it may be anybody's. */
export function withUnknownChanges(changes: Changes): Changes {
  return { ...changes, all: changes.all + 1 }
}

/** A number that is another one after each change of a patient's readings. */
export function changesOf(changes: Changes, patient: string): number {
  return changes.all + (changes.of.get(patient) ?? 0)
}
