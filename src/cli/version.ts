/** The version of the package, read from the package itself: the same in the checkout and once installed. */
import packageJson from 'stemma/package.json' with { type: 'json' }

export const { version } = packageJson
