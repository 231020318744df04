# idiom: everything on few lines, with odd spacing and lone semicolons
# expect: compiles
import os, sys; from metaflow import FlowSpec , Parameter , step

class Odd (FlowSpec) :
    n=Parameter( 'n' , default = 2 ,help = 'x' ) ;
    @step
    def start (self) :
        self . values = [ i  for i in range( self.n ) if i is not None ] ; self . next ( self . end )
    @step
    def end( self ) : self.last=self.values [ -1 ] if self.values else None

if   __name__   ==   "__main__" :
    Odd()
