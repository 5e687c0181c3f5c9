/** One lamp that is asked to be lit, and its story. */
import { type open, typesOf } from '../runtime/setting.ts'

export type Setting = Awaited<ReturnType<typeof open>>
export const lit = ['lamp.makeRequested', 'lamp.lightRequested', 'lamp.lit']

/** The history without the deadlines that passed meanwhile. */
export const storyOf = async ({ acme }: Setting, id: string) =>
  (await typesOf(acme, id)).filter(type => type !== 'lamp.dimDue')

export async function lightOne({ acme }: Setting): Promise<string> {
  const { id } = await acme.lamp.make({ label: 'desk' })
  await acme.lamp.light(id)
  return id
}
