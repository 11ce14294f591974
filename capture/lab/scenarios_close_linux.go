package lab

import "time"

// closes are scenarios of orderly closing.
func closes() []Scenario {
	return []Scenario{
		{
			Name: "close-by-client",
			Doc:  "request, response, the client closes first and the server at once: three segments",
			Script: func(s *Stage) {
				c, a := s.Joined()
				s.Exchange(c, a)
				c.Close()
				a.RecvEnd()
				a.Close()
				s.Pause(20 * time.Millisecond)
			},
		},
	}
}
