package latchkey

import (
	"net/netip"
	"strings"
)

// network is an address or a network. IPv4 lies where IPv6 maps it (RFC 4291, section 2.5.5.2), so that both are compared alike.
type network struct {
	address [16]byte
	bits    int
}

const mappedBits = 96

// readNetwork reads 192.0.2.7, 10.0.0.0/8 or 2001:db8::/32, and returns false for anything else, such as bits behind the length.
func readNetwork(text string) (network, bool) {
	address, length, isNetwork := strings.Cut(text, "/")
	of, ok := readAddressOf(address)
	if !ok {
		return network{}, false
	}
	bits := 128
	if isNetwork {
		bits, ok = readBits(length)
		if isV4 := !strings.Contains(address, ":"); isV4 {
			bits += mappedBits
		}
		if !ok || bits > 128 {
			return network{}, false
		}
	}
	prefix := netip.PrefixFrom(netip.AddrFrom16(of), bits)
	if prefix.Masked().Addr().As16() != of {
		return network{}, false
	}
	return network{of, bits}, true
}

func readBits(text string) (int, bool) {
	if text == "" || len(text) > 3 || (len(text) > 1 && text[0] == '0') {
		return 0, false
	}
	bits := 0
	for i := 0; i < len(text); i++ {
		if text[i] < '0' || text[i] > '9' {
			return 0, false
		}
		bits = bits*10 + int(text[i]-'0')
	}
	return bits, true
}

// readAddressOf reads an address without a zone.
func readAddressOf(text string) ([16]byte, bool) {
	address, err := netip.ParseAddr(text)
	if err != nil || address.Zone() != "" || len(text) > 45 {
		return [16]byte{}, false
	}
	return address.As16(), true
}

// isWithin tells whether an address is in one of these networks. What is no address is in none.
func isWithin(networks []network, ip string) bool {
	address, ok := readAddressOf(ip)
	if !ok {
		return false
	}
	for i := range networks {
		if networks[i].contains(address) {
			return true
		}
	}
	return false
}

func (n *network) contains(address [16]byte) bool {
	// A network of IPv6 that lies around all of IPv4 has none of its addresses.
	if isMapped(address) && !(n.bits >= mappedBits && isMapped(n.address)) {
		return false
	}
	whole := n.bits / 8
	for i := 0; i < whole; i++ {
		if n.address[i] != address[i] {
			return false
		}
	}
	rest := n.bits % 8
	return rest == 0 || (n.address[whole]^address[whole])>>(8-rest) == 0
}

func isMapped(address [16]byte) bool {
	return address[10] == 0xff && address[11] == 0xff && [10]byte(address[:10]) == [10]byte{}
}
