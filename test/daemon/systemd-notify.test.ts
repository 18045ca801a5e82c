// Messages to systemd, sent by the real systemd-notify into a real datagram socket.

import test, { type ExecutionContext } from 'ava';
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { openLog, silentLog } from '../../src/runtime/log.ts';
import { systemdNotify } from '../../src/daemon/systemd-notify.ts';
import { temporaryDirectory } from '../fakes/directory.ts';

/** In Perl, because Node has no unix datagram sockets. Prints a line at the start, then one for each datagram. */
const receive = `
use IO::Socket::UNIX; $| = 1;
my $socket = IO::Socket::UNIX->new(Type => SOCK_DGRAM, Local => $ARGV[0]) or die $!;
print "open\\n";
while (defined $socket->recv(my $datagram, 4096)) { $datagram =~ s/\\n/;/g; print "$datagram\\n"; }`;

/** A service manager: its socket, and the datagrams that it receives. */
async function manager(t: ExecutionContext): Promise<{ readonly path: string; next(): Promise<string> }> {
  const path = join(await temporaryDirectory(t), 'notify');
  const child = spawn('perl', ['-e', receive, path], { stdio: ['ignore', 'pipe', 'inherit'] });
  t.teardown(() => child.kill('SIGKILL'));
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async (): Promise<string> => {
    const { value, done } = await lines.next();
    if (done === true) throw new Error('the socket was closed');
    return value;
  };
  t.is(await next(), 'open');
  return { path, next };
}

/** The next datagram, without the barriers by which systemd-notify waits until systemd has read all of them. */
const nextMessage = async (next: () => Promise<string>): Promise<string> => {
  const datagram = await next();
  return datagram === 'BARRIER=1' ? nextMessage(next) : datagram;
};

test('systemd receives READY and STOPPING', async (t) => {
  const { path, next } = await manager(t);
  const { ready, stopping } = systemdNotify({ NOTIFY_SOCKET: path, PATH: process.env['PATH'] }, silentLog());
  await ready('takes pushes at\nhttp://127.0.0.1:8080');
  t.is(await nextMessage(next), 'READY=1;STATUS=takes pushes at http://127.0.0.1:8080');
  await stopping();
  t.is(await nextMessage(next), 'STOPPING=1;STATUS=what is in hand is finished');
});

test('systemd-notify gets only the socket and the path from the environment', async (t) => {
  const received: NodeJS.ProcessEnv[] = [];
  const env = { NOTIFY_SOCKET: '/s', PATH: '/bin', CATCHPOINT_BRIDGE_SECRET: 'x' };
  await systemdNotify(env, silentLog(), async (_file, _args, given) => void received.push(given)).ready('here');
  t.deepEqual(received, [{ NOTIFY_SOCKET: '/s', PATH: '/bin' }]);
});

for (const env of [{}, { NOTIFY_SOCKET: '' }]) {
  test(`without a service manager nothing is sent: ${JSON.stringify(env)}`, async (t) => {
    const { ready, stopping } = systemdNotify(env, silentLog(), async () => t.fail());
    await t.notThrowsAsync(Promise.all([ready('here'), stopping()]));
  });
}

test('a message that cannot be sent is only logged', async (t) => {
  const lines: string[] = [];
  const destination = { write: (line: string) => void lines.push(line) } as unknown as NodeJS.WritableStream;
  const log = openLog({ level: 'info', format: 'json', destination });
  await systemdNotify({ NOTIFY_SOCKET: '/nowhere/notify', PATH: '/nowhere' }, log).ready('here');
  t.regex(lines.join(''), /"level":40.*ENOENT.*systemd could not be told/);
});
