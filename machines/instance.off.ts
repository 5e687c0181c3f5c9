/** Of stateless instances that are off at a provider which keeps them. (spec: stateful-and-deltacloud 3a.4, R19.) */
import type { InstanceContext } from './instance.alphabet.ts'

/** Nobody but the engine will end it. */
export const endsOff = ({ mode, offers }: InstanceContext) => mode === 'stateless' && offers.preserves === true
/** Not while it is protected from its end. */
export const isHeld = ({ terminationProtection }: InstanceContext) => terminationProtection === true
