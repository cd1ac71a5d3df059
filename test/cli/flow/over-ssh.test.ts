import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { overSsh } from '../../../src/cli/flow/over-ssh.ts'

import { shellWord } from '../../../src/machine/shell.ts'
import { stores } from '../../../src/stores/index.ts'

const source = new URL('../../../src/', import.meta.url)
/** Advice begins with a sentence's word, or with a program; these are programs of the machine that is asked about. */
const PROGRAMS =
  /^(?:sudo )?(?:\/|\$\{EDITOR|(?:apt|apt-get|apk|dnf|yum|zypper|pacman|fuser|ps|vi|nano|sed|awk|grep|find|stat|mount|umount|touch|ln|ss|ip|ping|dig|setenforce|restorecon|usermod|visudo|systemctl|service|rc-service|snap|kill|dockerd|podman|skopeo|buildah|ctr|mv|rm|rmdir|cp|mkdir|install|chmod|chown|echo|openssl|csplit|update-[a-z-]+|clrtrust|ls|lsof|lsattr|lslocks|df|findmnt|dmesg|cat|head|tail|journalctl|timedatectl|curl|getent|tee|sh|reboot) [-/~$a-z'"])/

/** The first lines of all advice that begins with a word of its own, with where it stands. */
function advice(): readonly (readonly [string, string])[] {
  return readdirSync(source, { recursive: true, encoding: 'utf8' })
    .filter((file) => /^(?:change|judge|machine|runtimes|stores|cli.flow)[\\/].*\.ts$/.test(file))
    .flatMap((file) =>
      [
        ...readFileSync(new URL(file, source), 'utf8').matchAll(
          /\bfix(?::| =)\s*(['"`])((?:\\.|(?!\1)[^\\])+)\1/g,
        ),
      ].map(([, , text = '']) => [file, text.replaceAll('\\$', '$')] as const),
    )
}

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
      [
        "systemctl restart docker      # the daemon's owner; or: reboot",
        "ssh root@vm 'systemctl restart docker'      # the daemon's owner; or: reboot",
        "ssh -t -p 2222 docker@vm 'sudo systemctl restart docker'      # the daemon's owner; or: reboot",
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

  it('keeps in its quotes what stands in quotes: only a comment of ours is typed here', () => {
    const far = 'x  # ;touch /tmp/pwned;'
    const line = `echo ${shellWord(`${far} ALL`)} | sudo tee ${shellWord(`/etc/${far}`)}      # or log in`
    const work = line.replace('      # or log in', '')
    assert.equal(overSsh(root, line), `ssh -t root@vm ${shellWord(work)}      # or log in`)
    assert.equal(overSsh(root, work), `ssh -t root@vm ${shellWord(work)}`)
    const unquoted = 'ls /etc/x  # ;touch /tmp/pwned;      # look'
    assert.equal(overSsh(root, unquoted), "ssh root@vm 'ls /etc/x  # ;touch /tmp/pwned;'      # look")
  })

  it('is whatever any advice has people run over there; every program of it that is run there', () => {
    const lines = [
      '${EDITOR:-vi} /etc/docker/daemon.json      # mend what is named',
      'fuser /run/lock      # see who it is',
      'ps -fp 7      # see who it is',
      '/etc/ca-certificates/update.d/hook      # mend what it complains about',
      "'/etc/ca-certificates/update.d/a b'",
      ...Object.values(stores).flatMap(({ toolPackage, tool }) => [
        toolPackage,
        `${tool}      # to see it fail`,
      ]),
    ]
    for (const line of lines) {
      assert.match(overSsh(root, line), /^ssh (?:-t )?root@vm /, line)
      assert.match(overSsh(docker, line), /^ssh (?:-t )?-p 2222 docker@vm /, line)
    }
    assert.match(overSsh(root, lines[0] ?? ''), /^ssh -t root@vm '\$\{EDITOR:-vi\} \/etc/)
    const found = advice()
    assert.ok(found.length > 60, `${found.length} pieces of advice`)
    const run = found.filter(([, text]) => PROGRAMS.test(text))
    assert.ok(run.length > 20, `${run.length} of them run something`)
    for (const [file, text] of run) assert.match(overSsh(docker, text), /^ssh /, `${file}: ${text}`)
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
