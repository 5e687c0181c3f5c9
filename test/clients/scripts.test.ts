/** Libraries in other languages tell the same story, and it ends the same. */
import { describe, expect } from 'vitest'
import { type Client, happyEnd, served, story, told } from './client.ts'

const python = '/usr/bin/python3'
const boto3: Client = { probe: [python, '-c', 'import boto3'], package: 'python3-boto3' }
const libcloud: Client = { probe: [python, '-c', 'import libcloud'], package: 'python3-libcloud' }
const fog: Client = { probe: ['/usr/bin/ruby', '-e', "require 'fog/aws'"], package: 'ruby-fog-aws' }

describe('a story of booting from a volume', () => {
  const server = served()

  story(boto3, 'is told by boto3, whose waiters finish', async () => {
    expect(await told(python, 'boto3_story.py', server.url)).toEqual(happyEnd)
  })
  story(libcloud, 'is told by libcloud', async () => {
    expect(await told(python, 'libcloud_story.py', server.url)).toEqual(happyEnd)
  })
  story(fog, 'is told by fog', async () => {
    expect(await told('/usr/bin/ruby', 'fog_story.rb', server.url)).toEqual(happyEnd)
  })
})
