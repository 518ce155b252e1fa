# python3 regions-link.py NS_A IP_A NS_B IP_B MS joins two network namespaces by a link with a round trip of so many milliseconds.
# SIGUSR1 loses every packet from then on, SIGUSR2 passes them again. The link ends with this process.
import fcntl, heapq, os, select, signal, struct, subprocess, sys, time

first, first_ip, second, second_ip, round_trip = sys.argv[1:6]
passes = True


def set_passing(value):
    global passes
    passes = value


signal.signal(signal.SIGUSR1, lambda *_: set_passing(False))
signal.signal(signal.SIGUSR2, lambda *_: set_passing(True))


def tun(namespace, mine, peer):
    """Makes a TUN device (Linux, Documentation/networking/tuntap) and gives it to a namespace."""
    device = os.open("/dev/net/tun", os.O_RDWR)
    name = f"lag{os.getpid()}{namespace[-1]}"
    fcntl.ioctl(device, 0x400454CA, struct.pack("16sH", name.encode(), 0x0001 | 0x1000))
    os.set_blocking(device, False)
    for command in (
        f"ip link set {name} netns {namespace}",
        f"ip -n {namespace} addr add {mine} peer {peer} dev {name}",
        f"ip -n {namespace} link set {name} up txqueuelen 10000",
        f"ip -n {namespace} link set lo up",
    ):
        subprocess.check_call(command.split())
    return device


a, b = tun(first, first_ip, second_ip), tun(second, second_ip, first_ip)
waiting = []
count = 0
print("up", flush=True)
while True:
    now = time.monotonic()
    while waiting and waiting[0][0] <= now:
        _, _, device, packet = heapq.heappop(waiting)
        try:
            os.write(device, packet)
        except OSError:
            pass
    patience = max(0, waiting[0][0] - time.monotonic()) if waiting else 1
    for device in select.select([a, b], [], [], patience)[0]:
        try:
            while True:
                packet = os.read(device, 65535)
                if not passes:
                    continue
                count += 1
                due = time.monotonic() + float(round_trip) / 2000
                heapq.heappush(waiting, (due, count, b if device is a else a, packet))
        except BlockingIOError:
            pass
