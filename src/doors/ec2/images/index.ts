import type { Action } from '../action.ts'
import { copyImage } from './copy-image.ts'
import { createImage } from './create-image.ts'
import { deregisterImage } from './deregister-image.ts'
import { describeImages } from './describe-images.ts'
import { describeImageAttribute, modifyImageAttribute, resetImageAttribute } from './image-attributes.ts'
import { registerImage } from './register-image.ts'

export const imageActions: readonly Action[] = [
  registerImage,
  createImage,
  copyImage,
  deregisterImage,
  describeImages,
  describeImageAttribute,
  modifyImageAttribute,
  resetImageAttribute,
]
