import type { Scale } from './plot'
import type { Point } from './segments'

/** One unbroken line; a lone point becomes a dot (round line caps). */
export function linePath(points: readonly Point[], scale: Scale): string {
  const place = (point: Point) => `${scale.x(point.t).toFixed(1)} ${scale.y(point.v).toFixed(1)}`
  const [first, ...rest] = points
  if (!first) return ''
  return rest.length === 0 ? `M${place(first)}h0` : `M${place(first)}L${rest.map(place).join('L')}`
}
