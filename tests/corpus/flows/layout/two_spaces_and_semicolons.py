# idiom: two spaces for indentation, and two statements on a line
# expect: compiles
from metaflow import FlowSpec,step

class Short( FlowSpec ):

  @step
  def start( self ):
    self.a = 1; self.b = 2
    self.next( self.end )

  @step
  def end(self): self.c = self.a + self.b

if __name__=='__main__': pass
if __name__ == '__main__':
    Short()
