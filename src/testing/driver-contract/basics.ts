import { contradictionsOf } from '../../drivers/contradictions.ts'
import { capabilities, type DeclaredCapabilities, narrowed, weaker } from '../../drivers/driver.ts'
import { usesVolumes } from '../../drivers/optional-calls.ts'
import { registerDrivers } from '../../drivers/register.ts'
import { type Clauses, unless } from './clauses.ts'
import { beyondTheContract } from './proofs.ts'
import { newId } from './session.ts'

export const basicClauses: Clauses = [
  {
    title: 'declares known capabilities, and has exactly the calls that they promise',
    proof: async ({ driver, expect }) => {
      const registered = registerDrivers({ driver }).get('driver')!
      expect(registered.capabilities).toEqual(driver.describe())
    },
  },
  {
    title: 'describes itself in the same words each time',
    proof: async ({ driver, expect }) => {
      expect(driver.describe()).toEqual(driver.describe())
    },
  },
  {
    title: 'can be used',
    proof: async session => {
      const { usable, problems } = await session.driver.probe(session.context(newId('token')))
      session.expect({ usable, problems }).toEqual({ usable: true, problems: [] })
    },
  },
  {
    title: 'offers each zone it declares',
    proof: async session => {
      for (const zone of session.declared.zones) {
        // Disks made for the first zone are of no use in another, so a zone is tried with a disk alone where there are any.
        if (usesVolumes(session.declared)) {
          await session.done('volumeEnsure', newId('vol'), { ...session.volumeSpec(), zone })
        } else await session.done('instanceEnsure', newId('i'), await session.instanceSpec(undefined, zone))
      }
    },
  },
  {
    title: 'counts what is used where it declares a measured capacity',
    skip: unless(declared => declared.capacity === 'measured', 'it measures no capacity'),
    proof: async session => {
      const before = await session.driver.capacity(undefined, session.context(newId('token')))
      await session.running()
      const after = await session.driver.capacity(undefined, session.context(newId('token')))
      const same = JSON.stringify(before) === JSON.stringify(after)
      session.expect(same).toBe(false)
    },
  },
  {
    title: 'offers with its images and instances nothing that it does not offer itself',
    proof: async session => {
      const image = await session.observe('image', session.image)
      const { id } = await session.running()
      const instance = await session.observe('instance', id)
      const scopes = [image, instance].map(({ facts }) => (facts.capabilities ?? {}) as DeclaredCapabilities)
      session.expect(typeof narrowed(session.driver.describe(), ...scopes)).toBe('object')
    },
  },
  {
    title: 'says of an instance what it offers less of in the answer that makes it, and the same when it is looked at',
    proof: async session => {
      const id = newId('i')
      const { facts } = await session.done('instanceEnsure', id, await session.instanceSpec())
      const scope = (facts.capabilities ?? {}) as DeclaredCapabilities
      session.expect((await session.observe('instance', id)).facts.capabilities ?? {}).toEqual(scope)
      // Whatever its image leaves: an instance names what it narrows itself, and need not repeat the rest.
      const left = weaker(session.declared, narrowed(session.driver.describe(), scope))
      session.expect(contradictionsOf(left)).toEqual([])
    },
  },
  {
    title: 'offers with its images less than itself only where it declares that, and never more',
    proof: async session => {
      const { facts } = await session.observe('image', session.image)
      const scope = (facts.capabilities ?? {}) as DeclaredCapabilities
      const declared = session.driver.describe()
      if (declared.imagesNarrow) session.expect(contradictionsOf(narrowed(declared, scope))).toEqual([])
      else session.expect(narrowed(declared, scope)).toEqual(declared)
    },
  },
  {
    title: 'declares nothing that no call of the contract can do',
    proof: async session => {
      const [declared, nothing] = [session.driver.describe(), capabilities({})].map(
        each => (name: string) => name.split('.').reduce<unknown>((part, key) => (part as never)?.[key], each),
      )
      const claimed = beyondTheContract.filter(
        name => JSON.stringify(declared!(name)) !== JSON.stringify(nothing!(name)),
      )
      session.expect(claimed).toEqual([])
    },
  },
  {
    title: 'says no to what never was',
    proof: async session => {
      const seen = await session.observe('instance', newId('i'))
      session.expect(seen.exists).toBe('no')
    },
  },
]
