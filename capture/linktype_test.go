package capture_test

import (
	"testing"

	"tcpwatch/capture"
)

func TestLinkTypeString(t *testing.T) {
	for link, want := range map[capture.LinkType]string{
		capture.LinkNull:              "NULL",
		capture.LinkEthernet:          "EN10MB",
		capture.LinkRaw:               "RAW",
		capture.LinkRaw12:             "RAW",
		capture.LinkRaw14:             "RAW",
		capture.LinkCHDLC:             "C_HDLC",
		capture.LinkIEEE80211Radiotap: "IEEE802_11_RADIO",
		capture.LinkLinuxSLL2:         "LINUX_SLL2",
		capture.LinkPKTAP:             "PKTAP",
		capture.LinkUser0:             "147",
		2:                             "2",
		65535:                         "65535",
	} {
		if got := link.String(); got != want {
			t.Errorf("%d: %s, want %s", uint16(link), got, want)
		}
	}
}
