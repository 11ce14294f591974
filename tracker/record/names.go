package record

// NamesRecord is what the first payload bytes of a connection name. Texts are
// as they came from the wire, at most 255 bytes each: whoever prints them
// escapes them. An empty text or a zero is unknown.
type NamesRecord struct {
	Proto         string    // application protocol: tls, http, ssh, ...
	SNI           string    // server_name of the TLS ClientHello (RFC 6066 section 3)
	ALPN          string    // protocols that the ClientHello offers, separated by commas (RFC 7301)
	ALPNChosen    string    // the one that the ServerHello takes; TLS 1.3 hides it
	TLSVersion    string    // that the ServerHello takes: 1.3, 1.2, ...
	TLSOffered    string    // the highest that the ClientHello offers
	HTTPMethod    string    // of the first request
	HTTPHost      string    // Host of the first request
	HTTPStatus    uint16    // of the first response
	SSH           [2]string // identification that each end sent (RFC 4253 section 4.2)
	ServerVersion string    // that a database's greeting tells
	DNSQuery      string    // first name asked for, with dots
}
