package server

import "github.com/gorilla/mux"

// Paths are the templates of all paths that Handler serves.
func (s *Server) Paths() (paths []string, err error) {
	router := newSurface()
	for _, add := range s.allRoutes() {
		add(router)
	}
	err = router.Walk(func(route *mux.Route, _ *mux.Router, _ []*mux.Route) error {
		path, err := route.GetPathTemplate()
		paths = append(paths, path)
		return err
	})
	return paths, err
}
