import assert from 'node:assert/strict'
import { overSsh } from '../../../src/cli/flow/over-ssh.ts'

describe('what is to be done on a machine over ssh', () => {
  const docker = { words: ['ssh', '-p', '2222', 'docker@vm'], root: false } as const
  const root = { words: ['ssh', 'root@vm'], root: true } as const

  it('is typed here: through ssh, with sudo where somebody else than root logs in', () => {
    const lines = [
      [
        'systemctl restart docker      # stops running containers',
        "ssh root@vm 'systemctl restart docker'      # stops running containers",
        "ssh -t -p 2222 docker@vm 'sudo systemctl restart docker'      # stops running containers",
      ],
      [
        "rm '/etc/a b' && update-ca-certificates --fresh",
        "ssh root@vm 'rm '\\''/etc/a b'\\'' && update-ca-certificates --fresh'",
        "ssh -t -p 2222 docker@vm 'sudo sh -c '\\''rm '\\''\\'\\'''\\''/etc/a b'\\''\\'\\'''\\'' && update-ca-certificates --fresh'\\'''",
      ],
      [
        'getent hosts reg.corp',
        "ssh root@vm 'getent hosts reg.corp'",
        "ssh -p 2222 docker@vm 'getent hosts reg.corp'",
      ],
      [
        "echo '192.0.2.7 reg.corp' | sudo tee -a /etc/hosts      # or an entry in DNS",
        "ssh -t root@vm 'echo '\\''192.0.2.7 reg.corp'\\'' | sudo tee -a /etc/hosts'      # or an entry in DNS",
        "ssh -t -p 2222 docker@vm 'echo '\\''192.0.2.7 reg.corp'\\'' | sudo tee -a /etc/hosts'      # or an entry in DNS",
      ],
      [
        '/etc/init.d/docker restart',
        "ssh root@vm '/etc/init.d/docker restart'",
        "ssh -t -p 2222 docker@vm 'sudo /etc/init.d/docker restart'",
      ],
      // A file of this computer is read here.
      [
        'sudo tee /var/x > /dev/null < ca.pem      # of this computer',
        "ssh root@vm 'sudo tee /var/x > /dev/null' < ca.pem      # of this computer",
        "ssh -p 2222 docker@vm 'sudo tee /var/x > /dev/null' < ca.pem      # of this computer",
      ],
    ] as const
    for (const [line, asRoot, asDocker] of lines) {
      assert.equal(overSsh(root, line), asRoot)
      assert.equal(overSsh(docker, line), asDocker)
    }
    assert.equal(
      overSsh(root, 'df -h /etc\nls -l /etc'),
      "ssh root@vm 'df -h /etc'\nssh root@vm 'ls -l /etc'",
    )
  })

  it('stays as it is where it is no line to paste, or one for this computer', () => {
    for (const line of [
      'trust-registry reg.corp:5000 --ca /a.pem --machine ssh://docker@vm',
      'sudo -u me trust-registry status',
      'ssh -p 2222 docker@vm      # has to work without a password',
      'take blocked = true out of /etc/containers/registries.conf',
      'run it again',
      '# nginx: the whole chain, not the certificate alone',
      'docker-machine start default',
    ])
      assert.equal(overSsh(docker, line), line)
  })
})
