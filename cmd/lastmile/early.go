package main

// What is called to deliver has done so, and has exited, before main begins.
import _ "lastmile/cmd/lastmile/internal/early"
