import { expect, test } from 'vitest'
import { pathOf, planPathOf, returnPath, routeOf, signInPath } from './route'

test('a patient is named by consortium and person', () => {
  expect(routeOf('/patients/CGM005/S001')).toEqual({ page: 'patient', patient: 'CGM005/S001' })
  expect(routeOf(pathOf('CGM005/S001'))).toEqual({ page: 'patient', patient: 'CGM005/S001' })
  expect(routeOf('/patients/%E0%A4/x').page).toBe('unknown')
  expect(routeOf(planPathOf('CGM005/S001'))).toEqual({ page: 'plan', patient: 'CGM005/S001' })
  expect(routeOf('/trends').page).toBe('trends')
  expect(routeOf('/elsewhere').page).toBe('unknown')
})

test('signing in leads back to the page left, and never to another site', () => {
  const there = signInPath({ pathname: '/patients/CGM005/S001', search: '?range=7' })
  expect(returnPath(there.slice(there.indexOf('?')))).toBe('/patients/CGM005/S001?range=7')
  expect(returnPath('?from=https://example.org/')).toBe('/')
  expect(returnPath('?from=//example.org')).toBe('/')
  expect(returnPath('?from=%2Ftrends%3Fpage%3D2')).toBe('/trends?page=2')
  expect(returnPath('?from=/sign-in')).toBe('/')
  expect(returnPath('')).toBe('/')
})
