import assert from 'node:assert/strict'
import { belowRoot, errorBelow } from '../../../src/cli/flow/below.ts'
import type { Machine } from '../../../src/machine/machine.ts'
import { readNamedFile } from '../../../src/cli/files.ts'
import { blindView } from '../../../src/cli/flow/document.ts'
import { createSite } from '../../../src/cli/flow/site.ts'
import { silence } from '../../../src/cli/flow/stage.ts'
import { defaultOptions } from '../../../src/cli/options.ts'
import { fakeIo } from '../fake-io.ts'
import { TrustError } from '../../../src/errors.ts'

const unasked = (): Promise<never> => Promise.reject(new Error('nothing is asked'))
const prompts = { confirm: unasked, ask: unasked, password: unasked }
const image = (folder: string): Pick<Machine, 'atRest' | 'locate'> => ({
  atRest: true,
  locate: (path: string) => `${folder}${path}`,
})

describe('what is to be done to an image', () => {
  it('has DIR before each path, and the tools of the image in a chroot', () => {
    const lines = [
      ["rm '/etc/a b/x.crt'; rmdir /etc/a", "rm /srv/i'/etc/a b/x.crt'; rmdir /srv/i/etc/a"],
      ['mv /etc/x /root/', 'mv /srv/i/etc/x /srv/i/root/'],
      [
        "csplit -f /etc/x- -b %d.crt /etc/x.crt '/-----BEGIN/' '{*}' && update-ca-certificates --fresh",
        "csplit -f /srv/i/etc/x- -b %d.crt /srv/i/etc/x.crt '/-----BEGIN/' '{*}' && chroot /srv/i update-ca-certificates --fresh",
      ],
      ['apt-get install ca-certificates', 'chroot /srv/i apt-get install ca-certificates'],
      ['pacman -S ca-certificates-utils', 'chroot /srv/i pacman -S ca-certificates-utils'],
      ['apt-get install qemu-user-static      # here', 'apt-get install qemu-user-static      # here'],
      [
        'trust-registry reg.corp:5000 --ca /home/me/ca.pem',
        'trust-registry reg.corp:5000 --ca /home/me/ca.pem',
      ],
    ] as const
    for (const [line, there] of lines) assert.equal(belowRoot(image('/srv/i'), line), there)
    assert.equal(belowRoot(image('/srv/my i'), 'rm /etc/x'), "rm '/srv/my i'/etc/x")
  })

  it('is said as it is of a machine that runs, and of errors that end the run too', () => {
    const here = { locate: (path: string) => path }
    assert.equal(belowRoot(here, 'rm /etc/x'), 'rm /etc/x')
    const error = new TrustError('state-damaged', 'damaged', { fix: 'mv /var/x /var/x.damaged', seen: 'y' })
    const told = errorBelow({ machine: image('/srv/i') }, error)
    assert.deepEqual(
      [told.code, told.seen, told.fix],
      ['state-damaged', 'y', 'mv /srv/i/var/x /srv/i/var/x.damaged'],
    )
    assert.equal(errorBelow({ machine: here }, error), error)
  })

  it('about a file that was named is about one of this computer, wherever the engine is', async () => {
    const bad = await readNamedFile('/nowhere/at/all', 'the list', 1).catch((error: unknown) => error)
    assert.ok(bad instanceof TrustError)
    const over = {
      machine: { locate: (path: string) => path },
      login: { words: ['ssh', 'vm'], root: true },
    } as const
    for (const place of [{ machine: image('/srv/i') }, over]) {
      assert.equal(errorBelow(place, bad).fix, 'ls -ld /nowhere/at/all')
      const services = { io: fakeIo(), version: '1', progress: silence, prompts }
      const machine = {
        ...place.machine,
        now: () => new Date(0),
        who: () => ({ privileged: true }),
      } as unknown as Machine
      const site = createSite({ ...defaultOptions, command: 'trust', registries: [] }, services, {
        ...place,
        machine,
      })
      const view = blindView(site, 'reg.corp:5000', { exitCode: 2, verified: false, error: bad })
      assert.equal(view.document.error?.fix, 'ls -ld /nowhere/at/all')
    }
  })
})
