import type { components } from './schema'

type Schemas = components['schemas']

export type Session = Schemas['Session']
export type SilentGroup = Schemas['SilentGroup']
export type SilentGroups = Schemas['SilentGroups']
export type Severity = Schemas['Severity']
export type Kind = Schemas['Kind']
export type Sex = Schemas['Sex']
export type Alert = Schemas['Alert']
export type Reading = Schemas['Reading']
export type ChangedPatient = Schemas['ChangedPatient']
export type PatientSummary = Schemas['PatientSummary']
export type PatientName = Schemas['PatientName']
export type PatientIdentity = Schemas['PatientIdentity']
export type FoundPatients = Schemas['FoundPatients']
export type Patients = Schemas['Patients']
export type Limit = Schemas['Limit']
export type TrendsOfPatients = Schemas['TrendsOfPatients']
export type PatientTrends = Schemas['PatientTrends']
export type TrendRow = Schemas['TrendRow']
export type ComparedDays = Schemas['ComparedDays']
export type PatientReadings = Schemas['PatientReadings']
export type BackdatedReadings = Schemas['BackdatedReadings']
export type ReadingVersion = Schemas['ReadingVersion']
export type ReadingVersions = Schemas['ReadingVersions']
export type PatientAlerts = Schemas['PatientAlerts']
export type PatientPlan = Schemas['PatientPlan']
export type PlanContent = Schemas['PlanContent']
export type PlanParameter = Schemas['PlanParameter']
export type FixedNumber = Schemas['FixedNumber']
export type PlanExpected = Schemas['PlanExpected']
export type ScheduleNumber = Schemas['ScheduleNumber']
export type PlanPause = Schemas['PlanPause']
export type PlanFault = Schemas['PlanFault']
export type InvalidPlanProblem = Schemas['InvalidPlanProblem']
export type PlanConflictProblem = Schemas['PlanConflictProblem']
export type PlanPreview = Schemas['PlanPreview']
export type PreviewedAlert = Schemas['PreviewedAlert']
/** What people did, and of when that is: the newest change of the alert and the number of acts that it knows. */
export type Care = Schemas['Care'] & { readonly alert_changed_at?: string; readonly acts?: number }
export type AlertCare = Schemas['AlertCare']
export type AlertActs = Schemas['AlertActs']
export type AlertNotifications = Schemas['AlertNotifications']
export type SignInWay = Schemas['SignInWay']
export type SignedOut = Schemas['SignedOut']
export type RecordedAct = Schemas['RecordedAct']
export type RequestedAct = Schemas['RequestedAct']
export type ActRequest = Schemas['ActRequest']
export type ActsRequest = Schemas['ActsRequest']
export type ActAnswers = Schemas['ActAnswers']
export type CareOutcome = Schemas['CareOutcome']
export type Colleague = Schemas['Colleague']
export type Colleagues = Schemas['Colleagues']

/** What a reading or an alert's evidence measured. */
export type Measurement = Schemas['Measurement']
export type ReadingOf<K extends Kind> = Extract<Reading, { readonly kind: K }>

export type Value = number | boolean | string

/** The value of a declared field; undefined where it was not measured. */
export function valueOf({ values }: Measurement, field: string): Value | undefined {
  const byName: Readonly<Record<string, Value | undefined>> = values
  return byName[field]
}

/** How a value is to be shown that is only known to be beyond what its device can say: `< 40`. */
export function beyondOf(measurement: Measurement, field: string): string | undefined {
  const byName: Readonly<Record<string, string | undefined>> = ('beyond' in measurement && measurement.beyond) || {}
  return byName[field]
}
