/** What a look at this computer found. */
export interface Finding {
  readonly name: string
  /** `missing`: the driver that was asked for can not work without it. */
  readonly status: 'ok' | 'warning' | 'missing'
  readonly found: string
  /** What to do about it. */
  readonly advice?: string
}

export const ok = (name: string, found: string): Finding => ({ name, status: 'ok', found })
export const warning = (name: string, found: string, advice: string): Finding => ({
  ...{ name, status: 'warning', found, advice },
})
export const missing = (name: string, found: string, advice: string): Finding => ({
  ...{ name, status: 'missing', found, advice },
})
