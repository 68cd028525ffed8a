import { readOfPatient } from '../api/client'
import type { components } from '../api/schema'

type Schemas = components['schemas']

export type GlucoseSummary = Schemas['GlucoseSummary']
export type GlucoseProfile = Schemas['GlucoseProfile']
export type Percentiles = Schemas['Percentiles']
export type TimeInBands = Schemas['TimeInBands']
export type TimeInRange = Schemas['TimeInRange']
export type PressureSummary = Schemas['BloodPressureSummary']
export type MeanOfDays = Schemas['MeanOfDays']

export interface Summaries {
  readonly glucose: GlucoseSummary
  readonly profile: GlucoseProfile
  readonly pressure: PressureSummary
}

/** The summaries of a patient, each over its usual period up to now. */
export async function readSummaries(patient: string): Promise<Summaries> {
  const [glucose, profile, pressure] = await Promise.all([
    readOfPatient<GlucoseSummary>(patient, 'glucose/summary'),
    readOfPatient<GlucoseProfile>(patient, 'glucose/agp'),
    readOfPatient<PressureSummary>(patient, 'blood-pressure/summary'),
  ])
  return { glucose, profile, pressure }
}
