package tcpwatch

// Version is the version of tcpwatch (https://semver.org). CHANGELOG.md and the manual
// page name the same one, as a test holds.
const Version = "0.2.0"
