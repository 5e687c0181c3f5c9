import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 120_000,
    hookTimeout: 120_000,
    pool: 'forks',
    // Many files wait for processes of their own: one worker for each core, where the default leaves one out.
    maxWorkers: '100%',
  },
})
