/** Images that somebody brought: a provider shows them, and takes them away when they are not needed any more. */
import { type Clauses, firstOf, unless } from './clauses.ts'
import { newId, type Session } from './session.ts'

const deletesImages = unless(declared => declared.canDeleteImage, 'it takes no images away')
const findsImages = unless((_, subject) => subject.freshImage, 'it has no image that nobody uses')
const makesDisks = unless(
  declared => declared.canCreateVolumeFromImage || declared.canCloneImage,
  'it makes no disks of images before a launch',
)
const needsImages = unless(declared => declared.cloneKind !== 'full', 'its disks do not need their images')

const isShown = async (session: Session, image: string): Promise<boolean> =>
  (await session.observe('image', image)).exists === 'yes'

export const imageClauses: Clauses = [
  {
    title: 'shows the image that instances are made of',
    proof: async session => {
      const seen = await session.observe('image', session.image)
      session.expect(seen).toMatchObject({ kind: 'image', id: session.image, exists: 'yes' })
    },
  },
  {
    title: 'takes an image away that nothing needs: it is not shown any more, and nothing is made of it',
    skip: firstOf(deletesImages, findsImages),
    proof: async session => {
      const image = await session.unusedImage()
      session.expect(await isShown(session, image)).toBe(true)
      session.expect((await session.done('imageDelete', image, {})).already).toBe(false)
      session.expect((await session.done('imageDelete', image, {})).already).toBe(true)
      session.expect([await isShown(session, image), await session.countListed('image', image)]).toEqual([false, 0])
      if (makesDisks(session.declared, session.subject) === undefined)
        await session.refused(
          'volumeEnsure',
          newId('vol'),
          session.volumeSpec({ kind: 'image', id: image }),
          'notFound',
        )
    },
  },
  {
    title: 'keeps an image that a disk needs until that disk is gone, whoever asks for its end',
    skip: firstOf(
      deletesImages,
      findsImages,
      makesDisks,
      needsImages,
      unless(
        declared => declared.canCreateVolumeFromImage || declared.canDeleteClone,
        'it deletes no disks that were made of images',
      ),
    ),
    proof: async session => {
      const image = await session.unusedImage()
      const disk = await session.volume({ kind: 'image', id: image })
      await session.refused('imageDelete', image, {}, 'precondition')
      session.expect(await isShown(session, image)).toBe(true)
      await session.done('volumeDelete', disk, {})
      session.expect((await session.done('imageDelete', image, {})).already).toBe(false)
    },
  },
]
