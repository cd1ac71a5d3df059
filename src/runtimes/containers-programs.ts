import { ContainersEngine, type ContainersProgram } from './containers.ts'

function storage(scratch: string): readonly string[] {
  return ['--root', `${scratch}/root`, '--runroot', `${scratch}/run`, '--storage-driver', 'vfs']
}

function podman(scratch: string): readonly string[] {
  return [...storage(scratch), '--tmpdir', `${scratch}/tmp`, '--network-config-dir', `${scratch}/net`]
}

const programs: readonly ContainersProgram[] = [
  {
    name: 'podman',
    version: (scratch) => [...podman(scratch), 'version', '--format', 'json'],
    inspect: (scratch, image) => [...podman(scratch), 'manifest', 'inspect', image],
    login: ['login'],
  },
  {
    name: 'skopeo',
    version: () => ['--version'],
    inspect: (_, image) => ['inspect', '--no-creds', `docker://${image}`],
    login: ['login'],
  },
  {
    name: 'buildah',
    version: () => ['version', '--json'],
    inspect: (scratch, image) => [...storage(scratch), 'manifest', 'inspect', image],
    login: ['login'],
  },
]

/** Podman's family. They share their places: one file serves them all. */
export function containersEngines(authFile?: string, personal = false): readonly ContainersEngine[] {
  return programs.map((program) => new ContainersEngine(program, authFile, personal))
}
