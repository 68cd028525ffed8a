/** To a tenth, rounded down, so that it stands on the same side of a limit as the number that is judged. */
export function downToTenth(number: number): string {
  return (Math.floor(number * 10) / 10).toFixed(1)
}

/** A share: 69.96 % is not the 70 % that are needed. A small one is not rounded to nothing. */
export function percent(share: number): string {
  if (share <= 0) return '0 %'
  return share < 0.1 ? '< 0.1 %' : `${downToTenth(share)} %`
}

/** Rounded up to a tenth, so that what is above a limit does not look as if it were at it. */
export function atMost(number: number): string {
  return `${(Math.ceil(number * 10) / 10).toFixed(1)} %`
}
